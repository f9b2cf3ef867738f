"""Runs on cells without labels: encode, cluster, rank, explain; clusters that become labels."""
