"""What finding and comparing templates costs, and what fusing them does to the error rates."""
