"""Inside the container: from what is given to labelled arrays, checked."""
