{# Steps the members of a group that are on a list: Brian2's own template steps all. #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    {% set _awake = get_array_name(_awake_var) %}
    # scalar code
    _vectorisation_idx = 1
    {{scalar_code|autoindent}}

    cdef size_t _number
    cdef size_t _n_awake = {{_awake}}[_num{{_awake}} - 1]
    for _number in range(_n_awake):
        # vector code
        _idx = {{_awake}}[_number]
        _vectorisation_idx = _idx
        {{vector_code|autoindent}}

{% endblock %}
