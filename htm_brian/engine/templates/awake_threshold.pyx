{# Looks for events of the members of a group that are on a list, in the list's order. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    {% set _awake = get_array_name(_awake_var) %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    # scalar code
    _vectorisation_idx = 1
    {{ scalar_code | autoindent }}

    cdef size_t _number
    cdef size_t _n_events = 0
    cdef size_t _n_awake = {{_awake}}[_num{{_awake}} - 1]
    for _number in range(_n_awake):
        # vector code
        _idx = {{_awake}}[_number]
        _vectorisation_idx = _idx
        {{ vector_code | autoindent }}

        if _cond:
            {{_eventspace}}[_n_events] = _idx
            _n_events += 1

    {{_eventspace}}[N] = _n_events

{% endblock %}

{% block after_code %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {{_eventspace}}[N] = 0
{% endblock %}
