#include "net/tls.h"
#include <openssl/err.h>
#include <openssl/ssl.h>

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in, unsigned in_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";

	if (SSL_select_next_proto((unsigned char **)out, n, ours, sizeof ours - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

int tls_server(const char *cert_file, const char *key_file, SSL_CTX **out, struct err *e)
{
	SSL_CTX *t = SSL_CTX_new(TLS_server_method());
	const char *at = "context";

	if (!t)
		goto bad;
	SSL_CTX_set_min_proto_version(t, TLS1_2_VERSION);
	SSL_CTX_set_options(t, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
		SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(t, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_id_context(t, (const unsigned char *)"pedel", 5);
	SSL_CTX_set_alpn_select_cb(t, choose_protocol, NULL);
	at = "ciphers";
	if (SSL_CTX_set_cipher_list(t, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 || SSL_CTX_set1_groups_list(t, "X25519:P-256") != 1)
		goto bad;
	at = cert_file;
	if (SSL_CTX_use_certificate_chain_file(t, cert_file) != 1)
		goto bad;
	at = key_file;
	if (SSL_CTX_use_PrivateKey_file(t, key_file, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(t) != 1)
		goto bad;
	*out = t;
	return 0;
bad:
	FAIL(e, E_TLS_FILES, "%.100s: %.100s", at, ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	SSL_CTX_free(t);
	return -1;
}

SSL *tls_accept(SSL_CTX *t, int fd)
{
	SSL *ssl = SSL_new(t);

	if (!ssl)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

void tls_end(SSL_CTX *t) { SSL_CTX_free(t); }
