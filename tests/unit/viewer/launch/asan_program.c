/* Linked with the AddressSanitizer runtime as a library: it must come up and end normally. */
int main(void) { return 5; }
