"""What starts the clinic on a computer: set-up, the database, the processes."""
