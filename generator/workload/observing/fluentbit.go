package observing

// fluentBit is a configuration of Fluent Bit in its YAML format, as far as we write it.
// A test holds the names of all settings to the lists in testdata/fluentbit.
type fluentBit struct {
	Service  fluentService  `yaml:"service"`
	Pipeline fluentPipeline `yaml:"pipeline"`
}

// fluentService is how Fluent Bit runs. Its Helm chart probes it by HTTP.
type fluentService struct {
	Flush       int    `yaml:"flush"` // seconds
	LogLevel    string `yaml:"log_level"`
	HTTPServer  bool   `yaml:"http_server"`
	HTTPPort    int    `yaml:"http_port"`
	HealthCheck bool   `yaml:"health_check"`
}

type fluentPipeline struct {
	Inputs  []any `yaml:"inputs"`
	Filters []any `yaml:"filters"`
	Outputs []any `yaml:"outputs"`
}

// tailInput reads files as they grow.
type tailInput struct {
	Name            string `yaml:"name"`
	Tag             string `yaml:"tag"`
	Path            string `yaml:"path"`
	MultilineParser string `yaml:"multiline.parser"`
	MemBufLimit     string `yaml:"mem_buf_limit"`
	SkipLongLines   bool   `yaml:"skip_long_lines"`
}

// kubernetesFilter says of every line which pod wrote it.
type kubernetesFilter struct {
	Name        string `yaml:"name"`
	Match       string `yaml:"match"`
	MergeLog    bool   `yaml:"merge_log"`
	MergeLogKey string `yaml:"merge_log_key"`
	KeepLog     bool   `yaml:"keep_log"`
	Labels      bool   `yaml:"labels"`
	Annotations bool   `yaml:"annotations"`
	// The two below are what a pod's annotations may ask for.
	Parser  bool `yaml:"k8s-logging.parser"`
	Exclude bool `yaml:"k8s-logging.exclude"`
}

// lokiOutput sends lines to Loki.
type lokiOutput struct {
	Name               string `yaml:"name"`
	Match              string `yaml:"match"`
	Host               string `yaml:"host"`
	Port               int    `yaml:"port"`
	TenantIDKey        string `yaml:"tenant_id_key"`
	Labels             string `yaml:"labels"`
	StructuredMetadata string `yaml:"structured_metadata"`
	RemoveKeys         string `yaml:"remove_keys"`
	DropSingleKey      string `yaml:"drop_single_key"`
	LineFormat         string `yaml:"line_format"`
}

// cloudWatchOutput sends lines to CloudWatch Logs.
type cloudWatchOutput struct {
	Name             string `yaml:"name"`
	Match            string `yaml:"match"`
	Region           string `yaml:"region"`
	LogGroupName     string `yaml:"log_group_name"`
	LogGroupTemplate string `yaml:"log_group_template"`
	StreamPrefix     string `yaml:"log_stream_prefix"`
	StreamTemplate   string `yaml:"log_stream_template"`
	AutoCreateGroup  bool   `yaml:"auto_create_group"`
	RetentionDays    int    `yaml:"log_retention_days,omitempty"`
}
