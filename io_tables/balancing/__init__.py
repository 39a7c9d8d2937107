"""Inside balancing: feasibility, margins, Newton steps on the dual."""
