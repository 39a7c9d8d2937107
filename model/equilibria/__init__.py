"""The parts of the equilibrium closure; the room to import from is `model.equilibrium`."""
