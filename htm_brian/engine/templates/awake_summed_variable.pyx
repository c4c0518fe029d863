{# Sums over the synapses that are on a list; all others are known to add nothing. #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    {% set _target_var_array = get_array_name(_target_var) %}
    {% set _index_array = get_array_name(_index_var) %}
    {% set _awake = get_array_name(_awake_var) %}
    cdef int _target_idx
    cdef size_t _number
    cdef size_t _n_awake = {{_awake}}[_num{{_awake}} - 1]

    for _target_idx in range({{_target_size_name}}):
        {{_target_var_array}}[_target_idx + {{_target_start}}] = 0

    # scalar code
    _vectorisation_idx = 1
    {{scalar_code|autoindent}}

    for _number in range(_n_awake):
        # vector code
        _idx = {{_awake}}[_number]
        _vectorisation_idx = _idx
        {{ vector_code | autoindent }}
        {{_target_var_array}}[{{_index_array}}[_idx]] += _synaptic_var

{% endblock %}
