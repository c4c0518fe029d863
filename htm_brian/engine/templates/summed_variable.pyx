{# Sums over the slots of structural synapses that are in use: Brian2's own template sums over all. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    {% set _target_var_array = get_array_name(_target_var) %}
    {% set _index_array = get_array_name(_index_var) %}
    {% set _in_use_array = get_array_name(_in_use_var) %}
    cdef int _target_idx

    for _target_idx in range({{_target_size_name}}):
        {{_target_var_array}}[_target_idx + {{_target_start}}] = 0

    # scalar code
    _vectorisation_idx = 1
    {{scalar_code|autoindent}}

    for _idx in range({{N}}):
        if not {{_in_use_array}}[_idx]:
            continue
        # vector code
        _vectorisation_idx = _idx
        {{ vector_code | autoindent }}
        {{_target_var_array}}[{{_index_array}}[_idx]] += _synaptic_var

{% endblock %}
