//go:build cgo

#include "shim.h"

#include <atomic>
#include <cstddef>

// DuckDB's memory_limit counts what its buffer manager hands out. Vectors, lists and the heaps of their
// strings are not among it: a list of a billion numbers took 13 GB beside a limit of one. On Linux all of
// it comes from the jemalloc that is linked with DuckDB, whose functions the linker binds to these; what
// they refuse is an exception of DuckDB's, of that statement.

extern "C" {
void *__real_duckdb_je_malloc(size_t size);
void *__real_duckdb_je_realloc(void *memory, size_t size);
void __real_duckdb_je_free(void *memory);
size_t duckdb_je_malloc_usable_size(void *memory);
int duckdb_je_mallctl(const char *name, void *old, size_t *old_size, void *changed, size_t size);
}

namespace {

std::atomic<int64_t> used(0);
std::atomic<int64_t> most(0); // 0: no bound

// What is small may take a little more than the bound: a statement that was refused a large piece
// needs small ones to end, to roll back and to say so.
const int64_t small_size = 64 << 10;
const int64_t small_reserve = 128 << 20;

// What is freed stays the process's for seconds, in the arena of the thread that had it, where a thread of
// another arena does not reach it: one statement's memory and the next one's were the process's at once,
// twice the bound. So what was freed since the arenas were last emptied counts as held, and they are
// emptied before the two together exceed the bound. That is once in so many freed bytes at least, so that
// a statement close to the bound does not do it at each piece.
std::atomic<int64_t> freed(0);
const int64_t freed_least = 64 << 20;

void purge(int64_t size, int64_t bound) {
	int64_t idle = freed.load(std::memory_order_relaxed);
	if (idle < freed_least || used.load(std::memory_order_relaxed) + idle + size <= bound) {
		return;
	}
	if (freed.compare_exchange_strong(idle, 0)) { // one thread does it
		duckdb_je_mallctl("arena.4096.purge", nullptr, nullptr, nullptr, 0); // 4096: all arenas
	}
}

void gave(int64_t bytes) {
	used.fetch_sub(bytes, std::memory_order_relaxed);
	freed.fetch_add(bytes, std::memory_order_relaxed);
}

// admits takes so much of the bound, all or nothing: several threads ask at the same time.
bool admits(size_t size) {
	int64_t n = static_cast<int64_t>(size);
	if (n < 0) {
		return false;
	}
	int64_t bound = most.load(std::memory_order_relaxed);
	if (bound != 0) {
		purge(n, bound);
	}
	int64_t room = bound - used.fetch_add(n, std::memory_order_relaxed);
	if (bound == 0 || n <= room || (n <= small_size && n <= room + small_reserve)) {
		return true;
	}
	used.fetch_sub(n, std::memory_order_relaxed);
	return false;
}

// settle makes what was admitted what was given, which is a little more, or nothing.
void settle(size_t admitted, int64_t given) { used.fetch_add(given - static_cast<int64_t>(admitted), std::memory_order_relaxed); }

int64_t size_of(void *memory) { return memory ? static_cast<int64_t>(duckdb_je_malloc_usable_size(memory)) : 0; }

} // namespace

extern "C" {

void *__wrap_duckdb_je_malloc(size_t size) {
	if (!admits(size)) {
		return nullptr;
	}
	void *memory = __real_duckdb_je_malloc(size);
	settle(size, size_of(memory));
	return memory;
}

void *__wrap_duckdb_je_realloc(void *memory, size_t size) {
	// The old piece and the new one are there together while one is copied.
	int64_t before = size_of(memory);
	if (!admits(size)) {
		return nullptr;
	}
	void *moved = __real_duckdb_je_realloc(memory, size);
	settle(size, size_of(moved));
	if (moved || size == 0) {
		gave(before);
	}
	return moved;
}

void __wrap_duckdb_je_free(void *memory) {
	gave(size_of(memory));
	__real_duckdb_je_free(memory);
}

void evg_bound_memory(int64_t bytes) { most.store(bytes, std::memory_order_relaxed); }
int64_t evg_used_memory(void) { return used.load(std::memory_order_relaxed); }

} // extern "C"
