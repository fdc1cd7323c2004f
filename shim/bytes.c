// Copies and comparisons of our own, for the library alone: inside it the compiler's calls and ours
// end here.
//
// libc's cannot be used. A program may bring functions of these names, and the loader then gives
// them to us as well; the one of a program built with ThreadSanitizer jumps to address 0 until the
// program has started, and our constructor runs before that. Compiled so that the compiler does not
// turn a loop into a call of itself.
#include <stddef.h>

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  char* out = to;
  const char* in = from;
  for (; size != 0; --size) *out++ = *in++;
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  char* out = to;
  const char* in = from;
  if (out <= in) return memcpy(to, from, size);
  while (size-- != 0) out[size] = in[size];
  return to;
}

void* memset(void* to, int byte, size_t size) {
  char* out = to;
  for (; size != 0; --size) *out++ = (char)byte;
  return to;
}

int memcmp(const void* left, const void* right, size_t size) {
  const unsigned char* a = left;
  const unsigned char* b = right;
  for (; size != 0; --size, ++a, ++b) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}

char* strcpy(char* restrict to, const char* restrict from) {
  char* out = to;
  do *out++ = *from;
  while (*from++ != '\0');
  return to;
}

size_t strnlen(const char* text, size_t most) {
  size_t length = 0;
  while (length < most && text[length] != '\0') ++length;
  return length;
}

size_t strlen(const char* text) { return strnlen(text, (size_t)-1); }

int strncmp(const char* left, const char* right, size_t most) {
  for (; most != 0; --most, ++left, ++right) {
    const unsigned char a = (unsigned char)*left;
    const unsigned char b = (unsigned char)*right;
    if (a != b) return a - b;
    if (a == '\0') break;
  }
  return 0;
}

int strcmp(const char* left, const char* right) { return strncmp(left, right, (size_t)-1); }

// Finds the NUL as well.
char* strchr(const char* text, int wanted) {
  for (;; ++text) {
    if (*text == (char)wanted) return (char*)text;
    if (*text == '\0') return NULL;
  }
}

char* strrchr(const char* text, int wanted) {
  char* found = NULL;
  for (;; ++text) {
    if (*text == (char)wanted) found = (char*)text;
    if (*text == '\0') return found;
  }
}

char* strstr(const char* text, const char* wanted) {
  const size_t length = strlen(wanted);
  for (;; ++text) {
    if (strncmp(text, wanted, length) == 0) return (char*)text;
    if (*text == '\0') return NULL;
  }
}

static int is_one_of(char character, const char* set) {
  return character != '\0' && strchr(set, character) != NULL;
}

size_t strspn(const char* text, const char* set) {
  size_t length = 0;
  while (is_one_of(text[length], set)) ++length;
  return length;
}

size_t strcspn(const char* text, const char* set) {
  size_t length = 0;
  while (text[length] != '\0' && !is_one_of(text[length], set)) ++length;
  return length;
}
