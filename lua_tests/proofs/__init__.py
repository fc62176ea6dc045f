"""What takes too long for `make test`: `make faults`, `make kills`, `make orders`."""
