"""What workers do with cells without labels, one kind of task a file."""
