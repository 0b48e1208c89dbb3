"""The demonstration's made-up authorities, schools, people, children and plans: content as data, and how it becomes rows."""
