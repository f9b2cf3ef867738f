"""Results as files: safetensors for weights, npz for arrays, JSON for the rest; no pickle."""
