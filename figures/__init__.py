"""One module per protocol, drawing its figures from its dataset."""
