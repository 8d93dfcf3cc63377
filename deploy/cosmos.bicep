// Azure Cosmos DB for the auth service: the account, its database and its containers, and leave for one identity to read
// and write items. Printed by `auth-server migrate bicep`.
//
//   az deployment group create --resource-group GROUP --template-file cosmos.bicep \
//     --parameters accountName=NAME principalId=OBJECT_ID_OF_THE_IDENTITY

@description('The name of the account, which is a part of its address: nobody else may have it.')
param accountName string

@description('The one region that writes.')
param location string = resourceGroup().location

@description('Further regions, in the order in which they take over when the first one fails.')
param readLocations array = []

@description('The name of the database.')
param databaseName string = 'auth'

@description('The object id of the identity that the servers run as. Without one no role is given.')
param principalId string = ''

@description('Session, or Strong: then a region that fails takes nothing with it, and each write waits for all regions.')
@allowed(['Session', 'Strong'])
param consistency string = 'Session'

@description('Up to so many request units a second for each container, in thousands; 0 for an account that is paid by the request, which has one region.')
@minValue(0)
param maxThroughput int = 1000

@description('The same for single containers, such as { sessions: 100000 }.')
param maxThroughputOf object = {}

var others = [for (region, index) in readLocations: { locationName: region, failoverPriority: index + 1 }]

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: accountName
  location: location
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    // With several regions that write, the last write wins: two people could have one login.
    enableMultipleWriteLocations: false
    enableAutomaticFailover: true
    consistencyPolicy: { defaultConsistencyLevel: consistency }
    locations: concat([{ locationName: location, failoverPriority: 0 }], others)
    capabilities: maxThroughput == 0 ? [{ name: 'EnableServerless' }] : []
    backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } }
    // Entra alone lets anybody in; the account's keys do not work.
    disableLocalAuth: true
    minimalTlsVersion: 'Tls12'
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: databaseName
  properties: { resource: { id: databaseName } }
}

// Everything is found by its id: only what a query looks at is indexed, and the partition key where it looks within one,
// which would not be otherwise. A ttl of -1 leaves it to each document.
var containers = [
  // accounts, by their ids
  { name: 'users', partition: '/id', forgets: false, indexed: [] }
  // logins and e-mails, by keyed hashes: whose each is; the signing keys, encrypted
  { name: 'names', partition: '/id', forgets: false, indexed: [] }
  // signed-in devices, those of an account together
  { name: 'sessions', partition: '/pk', forgets: true, indexed: ['/pk/?'] }
  // codes that were mailed, by keyed hashes of the addresses
  { name: 'codes', partition: '/id', forgets: true, indexed: [] }
  // how often what was tried, by keyed hashes
  { name: 'counters', partition: '/id', forgets: true, indexed: [] }
  // mails on their way out, encrypted
  { name: 'outbox', partition: '/pk', forgets: true, indexed: ['/pk/?', '/record/ready/?', '/record/dead/?'] }
  // small records of a protocol, those of an owner together
  { name: 'documents', partition: '/pk', forgets: true, indexed: ['/pk/?', '/record/live/key/kind/?'] }
]

resource container 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [for item in containers: {
  parent: database
  name: item.name
  properties: {
    resource: union({
      id: item.name
      partitionKey: { paths: [item.partition], kind: 'Hash', version: 2 }
      indexingPolicy: {
        automatic: true
        indexingMode: 'consistent'
        includedPaths: map(item.indexed, path => { path: path })
        excludedPaths: [{ path: '/*' }]
      }
    }, item.forgets ? { defaultTtl: -1 } : {})
    options: maxThroughput == 0 ? {} : {
      autoscaleSettings: { maxThroughput: maxThroughputOf[?item.name] ?? maxThroughput }
    }
  }
}]

// Cosmos DB Built-in Data Contributor: items, and nothing but items.
resource role 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = if (!empty(principalId)) {
  parent: account
  name: guid(account.id, principalId, 'data contributor')
  properties: {
    principalId: principalId
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/00000000-0000-0000-0000-000000000002'
    scope: account.id
  }
}

output endpoint string = account.properties.documentEndpoint
