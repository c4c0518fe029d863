"""One module per cell mechanism, and the pyramidal cells made of them."""
