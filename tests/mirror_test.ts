/** The tests mirror the source by name: `src/registry/token.ts` is tested by `tests/registry/token_test.ts`. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Tests that go through several files in one call: what they test besides the file of their name. */
const elsewhere: Record<string, readonly string[]> = {
  "tests/archive/archive_test.ts": [
    "archive/names",

    "archive/read/decompressed_file",

    "archive/read/docker_manifest",
    "archive/read/file",

    "archive/read/roots",
    "content/slices",
    "disk/temporary",
  ],
  "tests/archive/write/archive_test.ts": [
    "archive/write/go_json",
    "archive/write/items",
  ],
  "tests/cli/commands/inspect/files_test.ts": [
    "cli/commands/inspect/cat",
    "cli/commands/inspect/diff",
    "cli/commands/inspect/du",
    "cli/commands/inspect/history",
    "cli/support/text",
  ],
  "tests/cli/commands/transfer/export_test.ts": ["disk/save", "tree/export"],
  "tests/cli/commands/registry/auth/login_test.ts": [
    "cli/commands/registry/auth/logout",
    "cli/support/standard_input",
  ],
  "tests/cli/commands/registry/serve_test.ts": [
    "cli/support/serve/expire_uploads",
    "cli/support/serve/take_over",
    "cli/commands/registry/check_config",
    "cli/support/serve/address",
    "cli/support/serve/admin",
    "cli/support/serve/auth",
    "cli/support/serve/certificate",
    "cli/support/serve/guard",
    "cli/support/serve/upstreams",
  ],
  "tests/cli/commands/transfer/copy_test.ts": [
    "cli/commands/inspect/referrers",
    "cli/commands/registry/ratelimit",
  ],
  "tests/cli/commands_test.ts": [
    "cli/command_rows/edit",
    "cli/command_rows/inspect",
    "cli/command_rows/other",
    "cli/command_rows/registry",
    "cli/command_rows/store",
    "cli/command_rows/transfer",
  ],
  "tests/cli/program_test.ts": [
    "cli/commands/version",
    "cli/context",
    "cli/environment",
    "cli/main",
    "cli/support/open",
    "cli/support/standard_output",
    "cli/version",
    "cli/support/options",
    "cli/support/registries",
  ],
  "tests/codec/thread_gunzip_test.ts": ["codec/larger"],
  "tests/codec/decode_test.ts": ["codec/wasm_gunzip", "codec/web_decoder", "codec/web_gunzip"],
  "tests/codec/encode_test.ts": ["codec/deflate_pool", "codec/wasm_gzip"],
  "tests/codec/engines_test.ts": [
    "codec/default_engines",
    "codec/node_zlib",
    "codec/wasm_engines",
    "codec/web_streams",
  ],
  "tests/codec/unzstd_test.ts": ["codec/zstd_frames"],
  "tests/codec/zstd_codec_test.ts": ["codec/zstd_codec_stream"],
  "tests/content/limited_test.ts": ["content/bind_target", "content/bind_source"],
  "tests/content/memory_test.ts": ["content/memory_ingest"],
  "tests/content/pull_through_test.ts": ["content/blob_fills", "content/if_found"],
  "tests/content/read_test.ts": ["bytes"],
  "tests/daemon/daemon_test.ts": [
    "cli/support/daemon",
    "daemon/connect",
    "http/lazy_node_transport",
    "http/node_transport",
    "places/daemon",
  ],
  "tests/digest/digest_all_test.ts": ["digest/hash_pool"],
  "tests/digest/engines_test.ts": [
    "digest/counted_hasher",
    "digest/default_engines",
    "digest/digest_stream",
    "digest/hash_wasm",
    "digest/hasher",
    "digest/node_crypto",
    "digest/subtle",
    "digest/web_crypto",
  ],
  "tests/disk/errors_test.ts": ["disk/directory", "disk/files", "disk/replace"],
  "tests/disk/ingests_test.ts": ["disk/temporary_sweep", "disk/ingest"],
  "tests/disk/lock_test.ts": ["disk/process_identity"],
  "tests/hosts/hosts_test.ts": [
    "hosts/certificates",
    "hosts/certs_directory",
    "hosts/files",
    "hosts/hosts_file",
    "hosts/registries_files",
  ],
  "tests/hosts/hosts_toml_test.ts": ["hosts/toml"],
  "tests/image/layer_test.ts": ["image/stored_layer"],
  "tests/image/open_test.ts": ["image/stored_body"],
  "tests/keychain/chain_test.ts": ["keychain/github"],
  "tests/keychain/docker_config_test.ts": ["keychain/config_file"],
  "tests/keychain/edit_config_test.ts": ["keychain/edit_json"],
  "tests/keychain/helper_test.ts": ["keychain/execute", "keychain/gcloud"],
  "tests/keychain/login_test.ts": ["keychain/change_file"],
  "tests/layout/entries_test.ts": ["layout/documents", "layout/listed_manifests"],
  "tests/layout/gc_test.ts": ["disk/gantry_directory", "disk/gc_mark", "disk/gc_sweep", "layout/untagged"],
  "tests/layout/layout_test.ts": [
    "disk/blob_directory",
    "disk/read_kept",
    "disk/stream",
    "layout/layout_blobs",
  ],
  "tests/places/dir_test.ts": ["places/directory_image"],
  "tests/registry/blob_upload_test.ts": ["registry/existence"],
  "tests/registry/client_test.ts": ["registry/host_slots", "registry/warnings"],
  "tests/registry/registry_test.ts": ["registry/open", "registry/source"],
  "tests/layout/link_test.ts": ["disk/share_file"],
  "tests/layout/listing_test.ts": ["layout/listing_cache"],
  "tests/layout/layouts_test.ts": ["layout/repository_blobs", "layout/unnamed"],
  "tests/cli/support/serve/config_test.ts": ["cli/support/serve/checks"],
  "tests/cli/support/serve/import_registry_test.ts": ["cli/support/serve/docker_registry"],
  "tests/cli/support/serve/retain_test.ts": ["store/untagged"],
  "tests/server/around/limit_test.ts": ["server/around/allowances"],
  "tests/server/send_file_test.ts": ["server/file_body", "store/documents"],
  "tests/server/hostile_test.ts": ["server/pace"],
  "tests/store/scrub_test.ts": ["disk/quarantine"],
  "tests/server/quota/quotas_test.ts": ["server/quota/counted"],
  "tests/registry/credentials_cache_test.ts": ["content/credentials"],
  "tests/rootfs/diff_test.ts": ["spec/whiteout"],
  "tests/rootfs/pack_test.ts": ["rootfs/content", "rootfs/scan", "rootfs/within"],
  "tests/server/auth/protect_test.ts": ["server/auth/credentials"],
  "tests/server/node_test.ts": ["server/handler"],
  "tests/spec/descriptor_test.ts": ["spec/check"],
  "tests/tar/scanner_test.ts": ["tar/numbers", "tar/queue"],
  "tests/tar/write_test.ts": ["tar/encode"],
  "tests/tree/merge_test.ts": [
    "tree/layer_scan",
    "tree/node",
    "tree/order",
    "tree/path",
    "tree/rename",
    "tree/tree",
    "tree/whiteout",
    "tree/write",
  ],
  "tests/tree/find_test.ts": ["tree/layer_view"],
  "tests/tree/toc_test.ts": ["image/estargz", "spec/table_of_contents"],
  "tests/tree/usage_test.ts": ["tree/history"],
  "tests/cli/commands/edit/edit_test.ts": [
    "cli/commands/edit/edit_config",
    "cli/commands/edit/edit_fs",
    "cli/commands/edit/edit_manifest",
    "cli/support/editor",
    "cli/support/layer_files",
  ],
  "tests/cli/commands/edit/mutate_test.ts": [
    "cli/support/edited",
    "cli/support/lists",
    "cli/support/mutate_config",
    "cli/support/mutate_content",
  ],
  "tests/cli/commands/index/index_test.ts": [
    "cli/commands/index/annotate",
    "cli/commands/index/append",
    "cli/commands/index/create",
    "cli/commands/index/filter",
    "cli/commands/index/list",
    "cli/commands/index/remove",
    "cli/support/documents",
    "cli/support/index_entries",
    "cli/support/open_index",
  ],
  "tests/cli/commands/inspect/inspect_test.ts": ["cli/commands/inspect/tree", "cli/support/table"],
  "tests/cli/commands/transfer/pull_test.ts": ["cli/support/layer_cache"],
  "tests/image/edits/convert_test.ts": ["image/compression_of", "image/retyped", "image/rewrite_layers"],
  "tests/image/edits/index_edits_test.ts": [
    "image/edits/remove_manifests",
    "image/edits/replace_manifests",
    "image/map_entries",
    "image/replaced_entry",
  ],
  "tests/image/edits/rebase_test.ts": ["image/base_height", "image/check_base"],
  "tests/image/edits/retime_test.ts": ["image/edits/canonical"],
  "tests/image/made_layer_test.ts": ["image/learned_layer"],
  "tests/image/made_images_test.ts": [
    "image/artifact",
    "image/file_map",
    "image/random_image",
    "image/windows_layer",
  ],
  "tests/image/validate_test.ts": ["image/validate_layer"],
  "tests/image/edits/configure_test.ts": ["image/key_order", "image/edits/label", "image/edits/set_subject"],
  "tests/places/layer_of_test.ts": ["places/ignored"],
  "tests/cli/commands/store/store_test.ts": [
    "cli/commands/store/content_active",
    "cli/commands/store/content_fetch",
    "cli/commands/store/content_get",
    "cli/commands/store/content_label",
    "cli/commands/store/content_ls",
    "cli/commands/store/content_rm",
    "cli/commands/store/images_check",
    "cli/commands/store/images_label",
    "cli/commands/store/images_ls",
    "cli/commands/store/images_prune",
    "cli/commands/store/images_rm",
    "cli/commands/store/images_tag",
    "cli/commands/store/images_usage",
    "cli/commands/store/leases_create",
    "cli/commands/store/leases_ls",
    "cli/commands/store/leases_rm",
    "cli/commands/store/store_du",
    "cli/commands/store/store_fsck",
    "cli/commands/store/store_gc",
    "cli/support/open_store",
    "cli/support/store",
    "cli/support/store_transfer",
    "places/store",
  ],
  "tests/spec/platform_matchers_test.ts": ["spec/host_platform"],
  "tests/store/content_test.ts": ["store/content_writer", "store/labels", "store/sessions", "store/check"],
  "tests/store/contract_test.ts": [
    "store/repository_records",
    "store/manifest_records",
    "store/namespace",
    "store/origins",
    "store/repositories",
    "store/repository",
    "store/disk_blobs",
  ],
  "tests/store/filter/filter_test.ts": [
    "store/filter/fields",
    "store/filter/parse",
    "store/filter/pattern",
    "store/filter/scanner",
    "store/filter/unquote",
  ],
  "tests/store/fsck_test.ts": ["store/recover"],
  "tests/store/gc_test.ts": ["store/children_labels", "store/mark", "store/remove"],
  "tests/store/store_test.ts": [
    "store/events",
    "store/images",
    "store/collect_links",
    "store/lease_records",
    "store/leases",
    "store/linked_repository",
    "store/links",
    "store/opened",
    "store/records",
  ],
  "tests/object_store/metadata_test.ts": [
    "object_store/draft",
    "object_store/pages",
    "object_store/root",
    "object_store/root_object",
    "object_store/snapshot",
    "object_store/sweep",
    "object_store/tidy",
  ],
  "tests/object_store/store_test.ts": [
    "object_store/blob_value",
    "object_store/blobs",
    "object_store/leases",
    "object_store/open",
    "object_store/sessions",
  ],
  "tests/objects/serverless_registry_test.ts": ["objects/take_over"],
  "tests/keychain/aws_profile_test.ts": [
    "keychain/aws_process",
    "keychain/aws_profiles",
    "keychain/aws_roles",
    "keychain/aws_sso",
  ],
  "tests/store/pull_test.ts": ["store/annotations", "store/import", "store/shared_download", "store/sparse"],
  "tests/store/sqlite/metadata_test.ts": [
    "store/unless_aborted",
    "store/metadata",
    "store/sqlite/driver",
    "store/sqlite/schema",
  ],
  "tests/rootfs/unpack/unpack_test.ts": [
    "rootfs/unpack",
    "rootfs/unpack_layers",
    "rootfs/unpack/facts",
    "rootfs/unpack/flush",
    "rootfs/unpack/incomplete",
    "rootfs/unpack/job",
    "rootfs/unpack/layer_plan",
    "rootfs/unpack/open_directory",
    "rootfs/unpack/owners",
    "rootfs/unpack/planned",
    "rootfs/unpack/programs",
    "rootfs/unpack/special_files",
    "rootfs/unpack/staging",
    "rootfs/unpack/writer",
    "rootfs/unpack/xattrs",
  ],
  "tests/images/unpacked_images_test.ts": ["images/choose", "images/names_file", "rootfs/take_away"],
  "tests/cli/commands/transfer/unpack_test.ts": [
    "cli/commands/store/images",
    "cli/commands/store/prune",
    "cli/commands/transfer/repack",
    "cli/support/open_anywhere",
  ],
  "tests/objects/directory_test.ts": [
    "objects/blob_records",
    "objects/documents",
    "objects/keys",
    "objects/links",
    "objects/list_objects",
    "objects/manifests",
    "objects/object_ingest",
    "objects/object_target",
    "objects/objects",
    "objects/open",
    "objects/parts",
    "objects/referrers",
    "objects/session",
  ],
  "tests/objects/gc_test.ts": ["objects/expired_uploads", "objects/gc_progress"],
  "tests/objects/s3_test.ts": ["objects/s3_client", "objects/s3_copy", "objects/s3_read", "http/xml"],
  "tests/objects/tags_test.ts": ["objects/removal"],
  "tests/package/round_trip.js": ["cli/support/engines"],
  "tests/interop/r2_test.ts": ["objects/r2"],
  "tests/interop/s3_contract_test.ts": ["cli/support/bucket", "cli/support/s3"],
  "tests/cli/commands/registry/gc_test.ts": ["cli/support/serve/collect_disk"],
};

/** Whether there is something to test: types and constants are not. */
function hasLogic(path: string): boolean {
  const source = readFileSync(root + path, "utf8").replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "$1");
  return basename(path) !== "mod.ts" &&
    /\bfunction\b|\bclass\b|=>/.test(source.replace(/^export (?:interface|type)[\s\S]*?^\}/gm, ""));
}

const testedElsewhere = new Map<string, string>(
  Object.entries(elsewhere).flatMap(([test, names]) =>
    names.map((name) => [`src/${name}.ts`, test] as const)
  ),
);

function testOf(path: string): string {
  return path.replace(/^src\//, "tests/").replace(/\.ts$/, "_test.ts");
}

const sources = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".ts") && hasLogic(path) && !path.startsWith("src/testing/"))
  .sort();

describe("tests", () => {
  it("mirror the source by name", () => {
    const without = sources.filter((path) => !existsSync(root + testOf(path)) && !testedElsewhere.has(path));
    assert.deepEqual(without, [], "these have neither a test of their name nor a line in `elsewhere`");
  });

  it("that stand elsewhere are there, and needed", () => {
    for (const [path, test] of testedElsewhere) {
      assert.ok(existsSync(root + path), `${path} is gone`);
      assert.ok(existsSync(root + test), `${test}, which tests ${path}, is gone`);
      assert.ok(!existsSync(root + testOf(path)), `${path} has a test of its own by now`);
    }
  });
});
