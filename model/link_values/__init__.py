"""The parts of the value of every link: objectives, their gradients, and the way to pairs."""
