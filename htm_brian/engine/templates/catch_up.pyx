{# Takes the members of a group that are on a list over several steps at once. #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    {% set _awake = get_array_name(_awake_var) %}
    {% set _missed = get_array_name(_missed_var) %}
    # scalar code
    _vectorisation_idx = 1
    {% for part in scalar_code.values() %}
    {{part|autoindent}}
    {% endfor %}

    cdef size_t _number
    cdef int64_t _step
    cdef int64_t _first = {{_missed}}[0]
    cdef int64_t _until = {{_missed}}[1]
    cdef size_t _n_awake = {{_awake}}[_num{{_awake}} - 1]
    {# One step of every member after the other: those of one member would wait for each other. #}
    for _step in range(_first, _until):
        {% if 'regular' in vector_code %}
        if _step % {{_every}} == 0:
            for _number in range(_n_awake):
                # vector code
                _idx = {{_awake}}[_number]
                _vectorisation_idx = _idx
                {{vector_code['regular']|autoindent}}
        {% endif %}
        for _number in range(_n_awake):
            # vector code
            _idx = {{_awake}}[_number]
            _vectorisation_idx = _idx
            {{vector_code['update']|autoindent}}

{% endblock %}
