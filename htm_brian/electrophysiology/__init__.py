"""The bench of single-cell experiments: synapses and electrodes, ensembles, features of traces."""
