"""The forms of the register and of what an authority has decided."""
