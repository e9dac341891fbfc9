"""The handshake as the explorer sees it: small worlds of states, steps and claims."""
