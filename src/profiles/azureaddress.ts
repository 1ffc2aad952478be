/**
 * The address of an Azure deployment, as the portal gives it to copy. Pure.
 */

/** The fields of a profile that such an address holds. */
export interface IAzureParts {
  readonly azure_endpoint: string;
  readonly azure_deployment: string;
  readonly api_version?: string;
}

const PATH = /^\/openai\/deployments\/([^/]+)(?:\/|$)/;

/** Take an address apart; null: it names no deployment. */
export function azureParts(address: string): IAzureParts | null {
  let url: URL;
  try {
    url = new URL(address.trim());
  } catch {
    return null;
  }
  const deployment = PATH.exec(url.pathname)?.[1];
  if (!deployment) {
    return null;
  }
  const version = url.searchParams.get('api-version');
  return {
    azure_endpoint: url.origin,
    azure_deployment: decodeURIComponent(deployment),
    ...(version && { api_version: version })
  };
}
