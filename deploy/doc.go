// Package deploy holds how Meibo is run on servers: the recipe of its images and the settings of the servers beside
// it. It has no code but its tests, which keep these files, docker-compose.yml and the services' settings one.
package deploy
