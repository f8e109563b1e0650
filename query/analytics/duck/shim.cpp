//go:build cgo

#include "shim.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>

// What duckdb.h declares, which is where the bindings are and cannot be included from here.
extern "C" {
struct duckdb_result {
	evg_idx columns, rows, changed;
	void *deprecated;
	char *message;
	void *internal;
};

int duckdb_connect(void *db, void **connection);
void duckdb_disconnect(void **connection);
void duckdb_interrupt(void *connection);
void duckdb_connection_get_client_context(void *connection, void **context);
evg_idx duckdb_client_context_get_connection_id(void *context);
void duckdb_destroy_client_context(void **context);

int duckdb_query(void *connection, const char *sql, duckdb_result *out);
int duckdb_prepare(void *connection, const char *sql, void **out);
const char *duckdb_prepare_error(void *statement);
void duckdb_destroy_prepare(void **statement);
int duckdb_prepared_statement_type(void *statement);
int duckdb_bind_varchar_length(void *statement, evg_idx place, const char *text, evg_idx length);
int duckdb_pending_prepared(void *statement, void **out);
int duckdb_pending_prepared_streaming(void *statement, void **out);
const char *duckdb_pending_error(void *pending);
void duckdb_destroy_pending(void **pending);
int duckdb_execute_pending(void *pending, duckdb_result *out);
const char *duckdb_result_error(duckdb_result *result);
void duckdb_destroy_result(duckdb_result *result);
evg_idx duckdb_column_count(duckdb_result *result);
void *duckdb_column_logical_type(duckdb_result *result, evg_idx column);
void *duckdb_fetch_chunk(duckdb_result result);

evg_idx duckdb_data_chunk_get_size(void *chunk);
evg_idx duckdb_data_chunk_get_column_count(void *chunk);
void *duckdb_data_chunk_get_vector(void *chunk, evg_idx column);
void *duckdb_create_data_chunk(void **types, evg_idx count);
void duckdb_data_chunk_reset(void *chunk);
void duckdb_data_chunk_set_size(void *chunk, evg_idx size);
void duckdb_destroy_data_chunk(void **chunk);
void *duckdb_vector_get_data(void *vector);
void duckdb_vector_reference_vector(void *to, void *from);
void *duckdb_vector_get_validity(void *vector);
void duckdb_vector_ensure_validity_writable(void *vector);
void duckdb_unsafe_vector_assign_string_element_len(void *vector, evg_idx row, const char *text, evg_idx length);
int duckdb_list_vector_reserve(void *vector, evg_idx capacity);
int duckdb_list_vector_set_size(void *vector, evg_idx size);
void *duckdb_list_vector_get_child(void *vector);
void *duckdb_struct_vector_get_child(void *vector, evg_idx field);

int duckdb_appender_create_ext(void *connection, const char *catalog, const char *schema, const char *table, void **out);
const char *duckdb_appender_error(void *appender);
int duckdb_append_data_chunk(void *appender, void *chunk);
int duckdb_appender_close(void *appender);
int duckdb_appender_destroy(void **appender);

void duckdb_scalar_function_set_function(void *function, void (*f)(void *, void *, void *));
void duckdb_scalar_function_set_bind(void *function, void (*bind)(void *));
void duckdb_scalar_function_set_bind_data(void *info, void *data, void (*destroy)(void *));
void duckdb_scalar_function_set_bind_data_copy(void *info, void *(*copy)(void *));
void duckdb_scalar_function_get_client_context(void *info, void **context);
void *duckdb_scalar_function_get_bind_data(void *info);
void *duckdb_scalar_function_get_extra_info(void *info);
void duckdb_scalar_function_set_error(void *info, const char *error);
void duckdb_aggregate_function_set_error(void *info, const char *error);

// In Go.
void evgScalar(int64_t number, evg_cell *cell, void *info, void *input, void *output);
}

namespace {

char no_memory[] = "Out of Memory Error: failed to allocate memory";
char unknown[] = "INTERNAL Error: an exception of an unknown type";

char *kept(const char *text) {
	if (!text) {
		text = unknown;
	}
	char *copy = strdup(text);
	return copy ? copy : no_memory;
}

// guarded runs f, which returns whether it succeeded and says why not in error itself.
template <class F>
int guarded(char **error, F f) noexcept {
	*error = nullptr;
	try {
		return f() ? 0 : 1;
	} catch (const std::bad_alloc &) {
		*error = no_memory;
	} catch (const std::exception &e) {
		*error = kept(e.what());
	} catch (...) {
		*error = unknown;
	}
	return 1;
}

std::mutex cells_mutex;
std::unordered_map<evg_idx, evg_cell *> cells; // of connections, by their numbers

evg_idx number_of(void *context) {
	evg_idx id = duckdb_client_context_get_connection_id(context);
	duckdb_destroy_client_context(&context);
	return id;
}

evg_vector vector_of(void *raw) { return evg_vector {raw, duckdb_vector_get_data(raw), duckdb_vector_get_validity(raw)}; }

void *same(void *data) { return data; }
void nothing(void *) {}

// bind gives a function that is about to be used the cell of its connection.
void bind(void *info) {
	char *error;
	guarded(&error, [&] {
		void *context = nullptr;
		duckdb_scalar_function_get_client_context(info, &context);
		evg_idx id = number_of(context);
		evg_cell *cell = nullptr;
		{
			std::lock_guard<std::mutex> lock(cells_mutex);
			auto found = cells.find(id);
			if (found != cells.end()) {
				cell = found->second;
			}
		}
		if (cell) {
			// The same for all of a connection's: two calls that are alike stay alike to the optimizer.
			duckdb_scalar_function_set_bind_data(info, cell, nothing);
			duckdb_scalar_function_set_bind_data_copy(info, same);
		}
		return true;
	});
	evg_free(error); // it runs without a cell
}

void scalar(void *info, void *input, void *output) {
	char *error;
	int64_t number = 0;
	evg_cell *cell = nullptr;
	if (guarded(&error, [&] {
		    number = *static_cast<int64_t *>(duckdb_scalar_function_get_extra_info(info));
		    cell = static_cast<evg_cell *>(duckdb_scalar_function_get_bind_data(info));
		    return true;
	    })) {
		evg_fail_scalar(info, error, strlen(error));
		evg_free(error);
		return;
	}
	evgScalar(number, cell, info, input, output);
}

} // namespace

extern "C" {

void evg_free(char *error) {
	if (error != no_memory && error != unknown) {
		free(error);
	}
}

int evg_connect(void *db, void **connection, evg_cell **cell, char **error) {
	*connection = nullptr;
	*cell = nullptr;
	return guarded(error, [&] {
		if (duckdb_connect(db, connection)) {
			*error = kept("no connection");
			return false;
		}
		void *context = nullptr;
		duckdb_connection_get_client_context(*connection, &context);
		evg_idx id = number_of(context);
		*cell = static_cast<evg_cell *>(calloc(1, sizeof(evg_cell)));
		if (!*cell) {
			throw std::bad_alloc();
		}
		(*cell)->connection = id;
		std::lock_guard<std::mutex> lock(cells_mutex);
		cells[id] = *cell;
		return true;
	});
}

int evg_disconnect(void *connection, evg_cell *cell, char **error) {
	return guarded(error, [&] {
		if (connection) {
			duckdb_disconnect(&connection);
		}
		if (cell) {
			{
				std::lock_guard<std::mutex> lock(cells_mutex);
				cells.erase(cell->connection);
			}
			free(cell);
		}
		return true;
	});
}

int evg_interrupt(void *connection, char **error) {
	return guarded(error, [&] {
		duckdb_interrupt(connection);
		return true;
	});
}

int evg_query(void *connection, const char *sql, char **error) {
	duckdb_result result = {};
	char *ignored;
	int failed = guarded(error, [&] {
		if (duckdb_query(connection, sql, &result)) {
			*error = kept(duckdb_result_error(&result));
			return false;
		}
		return true;
	});
	guarded(&ignored, [&] {
		duckdb_destroy_result(&result);
		return true;
	});
	evg_free(ignored);
	return failed;
}

int evg_prepare(void *connection, const char *sql, void **statement, char **error) {
	*statement = nullptr;
	return guarded(error, [&] {
		if (duckdb_prepare(connection, sql, statement)) {
			*error = kept(duckdb_prepare_error(*statement));
			return false;
		}
		return true;
	});
}

int evg_statement_type(void *statement) {
	char *error;
	int type = 0;
	guarded(&error, [&] {
		type = duckdb_prepared_statement_type(statement);
		return true;
	});
	evg_free(error);
	return type;
}

int evg_bind_text(void *statement, const char *text, evg_idx length, char **error) {
	return guarded(error, [&] {
		if (duckdb_bind_varchar_length(statement, 1, text, length)) {
			*error = kept("a parameter is not taken");
			return false;
		}
		return true;
	});
}

int evg_execute(void *statement, int streaming, void **result, char **error) {
	void *pending = nullptr;
	*result = nullptr;
	int failed = guarded(error, [&] {
		auto *r = static_cast<duckdb_result *>(calloc(1, sizeof(duckdb_result)));
		if (!r) {
			throw std::bad_alloc();
		}
		*result = r;
		auto begin = streaming ? duckdb_pending_prepared_streaming : duckdb_pending_prepared;
		if (begin(statement, &pending)) {
			*error = kept(duckdb_pending_error(pending));
			return false;
		}
		if (duckdb_execute_pending(pending, r)) {
			*error = kept(duckdb_result_error(r));
			return false;
		}
		return true;
	});
	char *ignored;
	guarded(&ignored, [&] {
		duckdb_destroy_pending(&pending);
		return true;
	});
	evg_free(ignored);
	return failed;
}

int evg_destroy_statement(void *statement, char **error) {
	return guarded(error, [&] {
		duckdb_destroy_prepare(&statement);
		return true;
	});
}

int evg_columns(void *result, evg_idx *count, char **error) {
	return guarded(error, [&] {
		*count = duckdb_column_count(static_cast<duckdb_result *>(result));
		return true;
	});
}

int evg_column_type(void *result, evg_idx column, void **type, char **error) {
	return guarded(error, [&] {
		*type = duckdb_column_logical_type(static_cast<duckdb_result *>(result), column);
		return true;
	});
}

int evg_fetch(void *result, void **chunk, evg_idx *rows, evg_vector *vectors, evg_idx count, char **error) {
	*chunk = nullptr;
	*rows = 0;
	return guarded(error, [&] {
		auto *r = static_cast<duckdb_result *>(result);
		*chunk = duckdb_fetch_chunk(*r);
		if (!*chunk) {
			const char *message = duckdb_result_error(r);
			if (message && *message) {
				*error = kept(message);
				return false;
			}
			return true;
		}
		*rows = duckdb_data_chunk_get_size(*chunk);
		for (evg_idx i = 0; i < count; i++) {
			vectors[i] = vector_of(duckdb_data_chunk_get_vector(*chunk, i));
		}
		return true;
	});
}

int evg_destroy_result(void *result, char **error) {
	return guarded(error, [&] {
		if (result) {
			duckdb_destroy_result(static_cast<duckdb_result *>(result));
			free(result);
		}
		return true;
	});
}

int evg_destroy_chunk(void *chunk, char **error) {
	return guarded(error, [&] {
		duckdb_destroy_data_chunk(&chunk);
		return true;
	});
}

int evg_chunk_shape(void *chunk, evg_idx *columns, evg_idx *rows, char **error) {
	return guarded(error, [&] {
		*columns = duckdb_data_chunk_get_column_count(chunk);
		*rows = duckdb_data_chunk_get_size(chunk);
		return true;
	});
}

int evg_chunk_vectors(void *chunk, evg_vector *vectors, evg_idx count, char **error) {
	return guarded(error, [&] {
		for (evg_idx i = 0; i < count; i++) {
			vectors[i] = vector_of(duckdb_data_chunk_get_vector(chunk, i));
		}
		return true;
	});
}

// The vectors of to become those of from, which may go: what they hold is shared.
int evg_pass(void *from, void *to, evg_idx columns, char **error) {
	return guarded(error, [&] {
		for (evg_idx i = 0; i < columns; i++) {
			duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(to, i), duckdb_data_chunk_get_vector(from, i));
		}
		duckdb_data_chunk_set_size(to, duckdb_data_chunk_get_size(from));
		return true;
	});
}

int evg_vector_of(void *raw, evg_vector *out, char **error) {
	return guarded(error, [&] {
		*out = vector_of(raw);
		return true;
	});
}

int evg_child(void *raw, evg_vector *out, char **error) {
	return guarded(error, [&] {
		*out = vector_of(duckdb_list_vector_get_child(raw));
		return true;
	});
}

int evg_field(void *raw, evg_idx field, evg_vector *out, char **error) {
	return guarded(error, [&] {
		*out = vector_of(duckdb_struct_vector_get_child(raw, field));
		return true;
	});
}

int evg_writable(void *raw, void **validity, char **error) {
	return guarded(error, [&] {
		duckdb_vector_ensure_validity_writable(raw);
		*validity = duckdb_vector_get_validity(raw);
		return true;
	});
}

int evg_set_text(void *raw, evg_idx row, const char *text, evg_idx length, char **error) {
	return guarded(error, [&] {
		duckdb_unsafe_vector_assign_string_element_len(raw, row, text, length);
		return true;
	});
}

int evg_list(void *raw, evg_idx elements, evg_vector *child, char **error) {
	return guarded(error, [&] {
		if (duckdb_list_vector_reserve(raw, elements) || duckdb_list_vector_set_size(raw, elements)) {
			*error = kept("Out of Memory Error: a list cannot grow");
			return false;
		}
		*child = vector_of(duckdb_list_vector_get_child(raw));
		return true;
	});
}

int evg_appender(void *connection, const char *catalog, const char *schema, const char *table, void **appender, char **error) {
	*appender = nullptr;
	return guarded(error, [&] {
		if (duckdb_appender_create_ext(connection, catalog, schema, table, appender)) {
			*error = kept(duckdb_appender_error(*appender));
			return false;
		}
		return true;
	});
}

int evg_appender_chunk(void **types, evg_idx count, void **chunk, char **error) {
	return guarded(error, [&] {
		*chunk = duckdb_create_data_chunk(types, count);
		return *chunk != nullptr;
	});
}

int evg_reset_chunk(void *chunk, char **error) {
	return guarded(error, [&] {
		duckdb_data_chunk_reset(chunk);
		return true;
	});
}

int evg_append(void *appender, void *chunk, evg_idx rows, char **error) {
	return guarded(error, [&] {
		duckdb_data_chunk_set_size(chunk, rows);
		if (duckdb_append_data_chunk(appender, chunk)) {
			*error = kept(duckdb_appender_error(appender));
			return false;
		}
		return true;
	});
}

int evg_close_appender(void *appender, char **error) {
	int failed = guarded(error, [&] {
		if (duckdb_appender_close(appender)) {
			*error = kept(duckdb_appender_error(appender));
			return false;
		}
		return true;
	});
	char *ignored;
	guarded(&ignored, [&] {
		duckdb_appender_destroy(&appender);
		return true;
	});
	evg_free(ignored);
	return failed;
}

void evg_fail_scalar(void *info, const char *text, evg_idx length) {
	char *error;
	if (guarded(&error, [&] {
		    duckdb_scalar_function_set_error(info, std::string(text, length).c_str());
		    return true;
	    })) {
		guarded(&error, [&] {
			duckdb_scalar_function_set_error(info, "out of memory");
			return true;
		});
	}
}

void evg_fail_aggregate(void *info, const char *text, evg_idx length) {
	char *error;
	if (guarded(&error, [&] {
		    duckdb_aggregate_function_set_error(info, std::string(text, length).c_str());
		    return true;
	    })) {
		guarded(&error, [&] {
			duckdb_aggregate_function_set_error(info, "out of memory");
			return true;
		});
	}
}

void evg_set_scalar(void *function) {
	duckdb_scalar_function_set_bind(function, bind);
	duckdb_scalar_function_set_function(function, scalar);
}

} // extern "C"
