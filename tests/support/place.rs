//! Every kind of store that states are kept in: a folder and memory always, others by the URLs in `HZSCRIPT_TEST_STORES`,
//! separated by spaces, which `.ci/stores.py` sets. Their credentials are in the environment, as a user's are.

use std::collections::BTreeMap;
use std::sync::Arc;

use hzscript::state::StateStore;
use hzscript::stores::{self, Access, Bucket};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tempfile::TempDir;

/// A place of one's own in a store.
pub enum Place {
    Folder(TempDir),
    Memory(Arc<InMemory>),
    Url(String),
}

impl Place {
    /// One of each kind, empty.
    pub fn all() -> Vec<Self> {
        let urls = std::env::var("HZSCRIPT_TEST_STORES").unwrap_or_default();
        let urls = urls.split_whitespace().map(|url| {
            let (path, parameters) = url.split_once('?').expect("a URL with an endpoint");
            Self::Url(format!("{path}/{}?{parameters}", uuid::Uuid::new_v4()))
        });
        let here = [Self::Folder(tempfile::tempdir().expect("a folder")), Self::Memory(Arc::default())];
        here.into_iter().chain(urls).collect()
    }

    /// The state of a stack there.
    pub async fn stack(&self, name: &str) -> StateStore {
        match self {
            Self::Folder(folder) => StateStore::in_folder(folder.path(), name).expect("a store"),
            Self::Memory(memory) => StateStore::within(memory.clone(), name),
            Self::Url(url) => stores::open(url, name, &access()).await.expect("a store"),
        }
    }

    /// What it has of a stack, as it is.
    pub async fn objects(&self, stack: &str) -> Objects {
        let (store, root): (Arc<dyn ObjectStore>, Path) = match self {
            Self::Folder(folder) => {
                let store = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).expect("a store");
                (Arc::new(store), Path::default())
            }
            Self::Memory(memory) => (memory.clone(), Path::default()),
            Self::Url(url) => {
                let Bucket { objects, prefix, .. } = stores::bucket(url, &access()).await.expect("a bucket");
                (objects, prefix)
            }
        };
        Objects { store, folder: root.join(stack) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(_) => f.write_str("a folder"),
            Self::Memory(_) => f.write_str("memory"),
            Self::Url(url) => f.write_str(url),
        }
    }
}

fn access() -> Access {
    let of_stores = |name: &String| name.starts_with("AZURE_") || name.starts_with("GOOGLE_");
    let variables: BTreeMap<String, String> = std::env::vars().filter(|(name, _)| of_stores(name)).collect();
    Access { variables, ..Access::default() }
}

/// The objects of a stack, as they are.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    folder: Path,
}

impl Objects {
    fn at(&self, name: &str) -> Path {
        name.split('/').fold(self.folder.clone(), |path, part| path.join(part))
    }

    pub async fn read(&self, name: &str) -> Vec<u8> {
        self.store.get(&self.at(name)).await.expect(name).bytes().await.expect(name).to_vec()
    }

    pub async fn write(&self, name: &str, bytes: &[u8]) {
        self.store.put(&self.at(name), bytes.to_vec().into()).await.expect(name);
    }

    pub async fn remove(&self, name: &str) {
        self.store.delete(&self.at(name)).await.expect(name);
    }

    /// The names of what there is in a folder, in order.
    pub async fn names(&self, folder: &str) -> Vec<String> {
        let listed = self.store.list_with_delimiter(Some(&self.at(folder))).await.expect("listed");
        let mut names: Vec<String> =
            listed.objects.iter().filter_map(|object| object.location.filename()).map(str::to_owned).collect();
        names.sort();
        names
    }
}
