"""What each rule of the grammar becomes: a function from its children to a node, by subject."""
