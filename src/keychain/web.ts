/** The keychains that need nothing but `fetch`: what `edge.ts` gives. */

export { acr, type AzureApplication, azureToken } from "./acr.ts";
export { awsContainer, type AwsContainerOptions, awsInstance, type AwsInstanceOptions } from "./aws.ts";
export {
  awsAssumeRole,
  type AwsAssumeRoleOptions,
  type AwsRole,
  awsWebIdentity,
  type AwsWebIdentityOptions,
} from "./aws_roles.ts";
export { anonymous, chain, type Keychain } from "./chain.ts";
export type { AccessToken, AccessTokenSource, CloudOptions } from "./cloud.ts";
export { configCredentials } from "./config_document.ts";
export { type AwsCredentialsSource, ecr } from "./ecr.ts";
export { github, type GithubOptions } from "./github.ts";
export { google, googleKey, googleMetadata } from "./google.ts";
export { type PullSecret, pullSecrets } from "./pull_secrets.ts";
export { refreshing, type RefreshingOptions } from "./refreshing.ts";
export type { AwsCredentials } from "../http/sigv4.ts";
