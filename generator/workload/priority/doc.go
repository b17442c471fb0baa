// Package priority ranks the tiers: a PriorityClass each, which every cluster has once
// for all tenants.
package priority
