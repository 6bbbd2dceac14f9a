"""The rules of the register of functions."""
