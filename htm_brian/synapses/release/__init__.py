"""Release of transmitter: quanta, depression, facilitation, failure."""
