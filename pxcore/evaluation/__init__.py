"""What rankings say together: place or amount, redundancy, agreement, published numbers."""
