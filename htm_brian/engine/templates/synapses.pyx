{# Takes the due synapses from a queue written in Python: Brian2's own template takes them, from 2.10
   on, from a C++ queue that stands still while a run lasts. #}
{# USES_VARIABLES { _queue } #}
{% extends 'common_group.pyx' %}

{% block maincode %}
    cdef _numpy.ndarray[int32_t, ndim=1, mode='c'] _due = _queue.peek()
    cdef size_t _n_due = _due.shape[0]
    cdef size_t _number

    # scalar code
    _vectorisation_idx = 1
    {{ scalar_code | autoindent }}

    for _number in range(_n_due):
        # vector code
        _idx = _due[_number]
        _vectorisation_idx = _idx
        {{ vector_code | autoindent }}

    _queue.advance()
{% endblock %}
