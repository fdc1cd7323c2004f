int chosen(void);
int (*chosen_by_pointer)(void) = chosen;  // looked up at once
