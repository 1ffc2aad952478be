import { azureParts } from '../azureaddress';

describe('the address of an Azure deployment', () => {
  it.each([
    [
      'https://my.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21',
      'https://my.openai.azure.com',
      'gpt-4o',
      '2024-10-21'
    ],
    [
      ' https://my.cognitiveservices.azure.com/openai/deployments/my%20model ',
      'https://my.cognitiveservices.azure.com',
      'my model',
      undefined
    ]
  ])('is taken apart: %s', (address, endpoint, deployment, version) => {
    expect(azureParts(address)).toEqual({
      azure_endpoint: endpoint,
      azure_deployment: deployment,
      ...(version && { api_version: version })
    });
  });

  it.each([
    '',
    'my-resource',
    'https://my.openai.azure.com',
    'https://my.openai.azure.com/openai/v1'
  ])('names no deployment: %s', address => expect(azureParts(address)).toBeNull());
});
