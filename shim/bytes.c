// Copies and comparisons of our own, for the library alone: inside it the compiler's calls and ours
// end here.
//
// libc's cannot be used. A program may bring functions of these names, and the loader then gives
// them to us as well; the one of a program built with ThreadSanitizer jumps to address 0 until the
// program has started, and our constructor runs before that. Compiled so that the compiler does not
// turn a loop into a call of itself.
#include <stddef.h>

// As much as a register of any processor of ours holds, at any address. Copied one by one: a record
// is a few of them, and a byte at a time would cost as much as everything else about it.
typedef long long Block __attribute__((vector_size(16), aligned(1), may_alias));
typedef long long Word __attribute__((aligned(1), may_alias));
typedef unsigned char Byte;

// Reads a place before anything is written at or behind it: right also where the areas overlap and
// `out` is the lower one.
static void copy_upwards(Byte* out, const Byte* in, size_t size) {
  for (; size >= sizeof(Block); size -= sizeof(Block)) {
    *(Block*)out = *(const Block*)in;
    out += sizeof(Block);
    in += sizeof(Block);
  }
  if (size >= sizeof(Word)) {  // as at the end of a slot that is full
    *(Word*)out = *(const Word*)in;
    out += sizeof(Word);
    in += sizeof(Word);
    size -= sizeof(Word);
  }
  for (; size != 0; --size) *out++ = *in++;
}

// The same for a higher `out`.
static void copy_downwards(Byte* out, const Byte* in, size_t size) {
  for (; size % sizeof(Block) != 0; --size) out[size - 1] = in[size - 1];
  for (; size != 0; size -= sizeof(Block)) {
    *(Block*)(out + size - sizeof(Block)) = *(const Block*)(in + size - sizeof(Block));
  }
}

void* memcpy(void* restrict to, const void* restrict from, size_t size) {
  copy_upwards(to, from, size);
  return to;
}

void* memmove(void* to, const void* from, size_t size) {
  if ((const Byte*)to <= (const Byte*)from) {
    copy_upwards(to, from, size);
  } else {
    copy_downwards(to, from, size);
  }
  return to;
}

void* memset(void* to, int byte, size_t size) {
  const long long word = (long long)(0x0101010101010101ULL * (Byte)byte);
  const Block block = {word, word};
  Byte* out = to;
  for (; size >= sizeof(Block); size -= sizeof(Block), out += sizeof(Block)) *(Block*)out = block;
  for (; size != 0; --size) *out++ = (Byte)byte;
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
