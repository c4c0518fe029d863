"""Who gets the credit: rules that teach hidden cells, on rates; arrays only, no Brian2."""
