// The calls into DuckDB that can allocate, or throw for any other reason. A C++ exception must not
// cross into Go, whose runtime ends the process for it: each of these catches what its calls throw
// and tells of it in error, which evg_free frees.
#ifndef EVG_SHIM_H
#define EVG_SHIM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t evg_idx;

// evg_vector is a vector with where its values and its validity lie.
typedef struct {
	void *raw;
	void *data;
	void *validity;
} evg_vector;

// evg_cell is what a connection tells the functions that run for it. It outlives them.
typedef struct {
	int32_t ended; // it is to end: EVG_CANCELLED or EVG_MEMORY
	int32_t bytes; // reserved
	uint64_t connection;
} evg_cell;

void evg_free(char *error);

int evg_connect(void *db, void **connection, evg_cell **cell, char **error);
int evg_disconnect(void *connection, evg_cell *cell, char **error);
int evg_interrupt(void *connection, char **error);

int evg_query(void *connection, const char *sql, char **error);
int evg_prepare(void *connection, const char *sql, void **statement, char **error);
int evg_statement_type(void *statement);
int evg_bind_text(void *statement, const char *text, evg_idx length, char **error);
int evg_execute(void *statement, int streaming, void **result, char **error);
int evg_destroy_statement(void *statement, char **error);

int evg_columns(void *result, evg_idx *count, char **error);
int evg_column_type(void *result, evg_idx column, void **type, char **error);
int evg_fetch(void *result, void **chunk, evg_idx *rows, evg_vector *vectors, evg_idx count, char **error);
int evg_destroy_result(void *result, char **error);
int evg_destroy_chunk(void *chunk, char **error);

int evg_chunk_shape(void *chunk, evg_idx *columns, evg_idx *rows, char **error);
int evg_chunk_vectors(void *chunk, evg_vector *vectors, evg_idx count, char **error);
int evg_pass(void *from, void *to, evg_idx columns, char **error);
int evg_vector_of(void *raw, evg_vector *out, char **error);
int evg_child(void *raw, evg_vector *out, char **error);
int evg_field(void *raw, evg_idx field, evg_vector *out, char **error);
int evg_writable(void *raw, void **validity, char **error);
int evg_set_text(void *raw, evg_idx row, const char *text, evg_idx length, char **error);
int evg_list(void *raw, evg_idx elements, evg_vector *child, char **error);

int evg_appender(void *connection, const char *catalog, const char *schema, const char *table, void **appender, char **error);
int evg_appender_chunk(void **types, evg_idx count, void **chunk, char **error);
int evg_reset_chunk(void *chunk, char **error);
int evg_append(void *appender, void *chunk, evg_idx rows, char **error);
int evg_close_appender(void *appender, char **error);

void evg_fail_scalar(void *info, const char *text, evg_idx length);
void evg_fail_aggregate(void *info, const char *text, evg_idx length);
void evg_set_scalar(void *function);

#ifdef __cplusplus
}
#endif
#endif
