package serving

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// secretsVolume holds the secrets that a model wants as files.
const secretsVolume = "secrets"

// secretMode lets the pod's group read the files, and nobody else.
const secretMode = 0o440

// secretEnvironment are the secrets that the model wants in variables. None is
// optional: without its secrets a server does not start, rather than start and fail at
// the first request.
func secretEnvironment(m *fleet.Model) []corev1.EnvVar {
	var env []corev1.EnvVar
	for _, s := range m.Spec.Secrets {
		if s.Env != "" {
			env = append(env, fromSecret(s.Env, m.Name))
		}
	}
	return env
}

// fromSecret is a variable with what a Secret has under the same name.
func fromSecret(name, secret string) corev1.EnvVar {
	return corev1.EnvVar{
		Name: name,
		ValueFrom: &corev1.EnvVarSource{
			SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: secret},
				Key:                  name,
			},
		},
	}
}

// secretFiles are the secrets that the model wants as files.
func secretFiles(m *fleet.Model) []corev1.KeyToPath {
	var files []corev1.KeyToPath
	for _, s := range m.Spec.Secrets {
		if s.File != "" {
			files = append(files, corev1.KeyToPath{Key: s.Entry(), Path: s.File})
		}
	}
	return files
}

func secretVolume(m *fleet.Model, files []corev1.KeyToPath) corev1.Volume {
	return corev1.Volume{
		Name: secretsVolume,
		VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: m.Name, Items: files, DefaultMode: new(int32(secretMode))},
		},
	}
}
