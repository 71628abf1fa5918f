//! A bucket of S3, or of what speaks as it does.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

use super::crypto::Crypto;
use super::curl::Curl;
use crate::BlobError;

/// A bucket, and how one comes there.
#[derive(Clone)]
pub struct S3 {
    /// The bucket's name.
    pub bucket: String,
    /// The server, such as `http://127.0.0.1:9000`; none for Amazon's.
    pub endpoint: Option<String>,
    /// The region, such as `eu-central-1`; none for `us-east-1`.
    pub region: Option<String>,
    /// Who asks; none for whom it may concern.
    pub login: Option<Login>,
    /// How often what fails in passing is tried again.
    pub retries: usize,
}

/// Who asks.
#[derive(Clone)]
pub struct Login {
    /// `AWS_ACCESS_KEY_ID`.
    pub key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
    /// `AWS_SESSION_TOKEN`, of a login that ends.
    pub token: Option<String>,
}

/// How long is tried again, in all.
const RETRIED: Duration = Duration::from_secs(60);

impl S3 {
    /// Names a bucket of Amazon's, for whom it may concern.
    #[must_use]
    pub const fn new(bucket: String) -> Self {
        Self {
            bucket,
            endpoint: None,
            region: None,
            login: None,
            retries: 4,
        }
    }

    /// Returns the store; sends nothing.
    ///
    /// Requests go by curl, whose proxies are those of the environment. Puts of what must be
    /// absent are conditional (`If-None-Match`).
    ///
    /// # Errors
    ///
    /// [`BlobError::Unreachable`] where a value is none that S3 has.
    pub fn store(&self) -> Result<Arc<dyn ObjectStore>, BlobError> {
        let region = self.region.as_deref().unwrap_or("us-east-1");
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: self.retries,
            retry_timeout: RETRIED,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(region)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_crypto_provider(Arc::new(Crypto))
            .with_http_connector(Curl)
            .with_retry(retry)
            .with_skip_signature(self.login.is_none());
        if let Some(endpoint) = &self.endpoint {
            let plain = endpoint.starts_with("http://");
            builder = builder.with_endpoint(endpoint).with_allow_http(plain);
        }
        if let Some(login) = &self.login {
            builder = builder
                .with_access_key_id(&login.key_id)
                .with_secret_access_key(&login.secret);
            if let Some(token) = &login.token {
                builder = builder.with_token(token);
            }
        }
        let store = builder.build().map_err(|error| BlobError::Unreachable {
            place: format!("s3://{}", self.bucket),
            source: std::io::Error::other(error),
        })?;
        Ok(Arc::new(store))
    }
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The login is nobody's business.
        f.debug_struct("S3")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}
