"""The PCRE2 of the system, through its library."""
import ctypes
import sys

library = ctypes.CDLL("libpcre2-8.so.0")
library.pcre2_compile_8.restype = ctypes.c_void_p
library.pcre2_match_data_create_8.restype = ctypes.c_void_p
library.pcre2_get_ovector_pointer_8.restype = ctypes.POINTER(ctypes.c_size_t)

OPTIONS = {"i": 0x8, "x": 0x80}
ANCHORS = {"full": 0x80000000 | 0x20000000, "prefix": 0x80000000, "search": 0}


def compiled(flags, pattern):
    error, offset = ctypes.c_int(), ctypes.c_size_t()
    options = sum(OPTIONS[letter] for letter in flags)
    length = ctypes.c_size_t(len(pattern))
    code = library.pcre2_compile_8(pattern, length, options, ctypes.byref(error), ctypes.byref(offset), None)
    return code, error.value


def find(code, mode, text):
    data = ctypes.c_void_p(library.pcre2_match_data_create_8(1, None))
    length, begin = ctypes.c_size_t(len(text)), ctypes.c_size_t(0)
    status = library.pcre2_match_8(ctypes.c_void_p(code), text, length, begin, ANCHORS[mode], data, None)
    bounds = library.pcre2_get_ovector_pointer_8(data)
    found = "%d,%d" % (bounds[0], bounds[1]) if status >= 0 else "-" if status == -1 else "?"
    library.pcre2_match_data_free_8(data)
    return found


for line in sys.stdin:
    mode, flags, *rest = line.split()
    pattern, *texts = [bytes.fromhex(text[1:]) for text in rest]
    code, error = compiled(flags[1:], pattern)
    if code is None:
        print("!%d" % error, flush=True)
    else:
        print(" ".join(find(code, mode, text) for text in texts), flush=True)
        library.pcre2_code_free_8(ctypes.c_void_p(code))
