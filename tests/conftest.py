"""What must be set before anything is imported."""

import os

# Two workers share two cores, and tiny models gain nothing from threads that wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
