"""`python -m unisafe_tasks`, where the script `unisafe` is not on the path."""

from unisafe_tasks.cli import main

if __name__ == "__main__":
    main()
