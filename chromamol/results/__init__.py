"""What an analysis leaves behind: tables, maps, a store, a figure."""
