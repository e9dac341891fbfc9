"""What messages list: offers, inventories, profiles."""
